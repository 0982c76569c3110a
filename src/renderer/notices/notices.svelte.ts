import { AppError, toErrorData, type AppErrorData } from "../../core/errors.js";
import { messages } from "../text/messages.js";

export type NoticeTone = "info" | "success" | "error";

/** Something the person can do about it, right in the notice. */
export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

export interface Notice {
  readonly id: number;
  readonly tone: NoticeTone;
  readonly title: string;
  readonly body: string | null;
  readonly actions: readonly NoticeAction[];
}

export interface NoticeOptions {
  readonly tone: NoticeTone;
  readonly title: string;
  readonly body?: string | null;
  readonly actions?: readonly NoticeAction[];
}

/** Notices that ask for nothing go by themselves; errors stay until they are read. */
const LIFETIME_MS = { info: 8_000, success: 4_000, error: null } as const;
/** More would hide the picture that they talk about. */
const MOST_SHOWN = 4;

/** Starts a timer; returns how to stop it. */
export type Timer = (run: () => void, delayMs: number) => () => void;

/** The messages in the corner: they inform and never block. */
export class Notices {
  list = $state.raw<readonly Notice[]>([]);
  readonly #timer: Timer;
  #nextId = 1;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  show({ tone, title, body = null, actions = [] }: NoticeOptions): number {
    // The same message twice is one message: a failing call that repeats must not fill the screen.
    const others = this.list.filter((notice) => notice.title !== title || notice.body !== body);
    const notice: Notice = { id: this.#nextId++, tone, title, body, actions };
    this.list = [...others, notice].slice(-MOST_SHOWN);
    const lifetimeMs = LIFETIME_MS[tone];
    if (lifetimeMs !== null) this.#timer(() => this.dismiss(notice.id), lifetimeMs);
    return notice.id;
  }

  /** Shows any failure; a cancelled call is no failure. */
  showError(thrown: unknown, actions: readonly NoticeAction[] = []): void {
    const error: AppErrorData = thrown instanceof AppError ? thrown : toErrorData(thrown);
    if (error.code === "JOB_CANCELLED") return;
    this.show({ tone: "error", title: messages.errors[error.code], body: error.message, actions });
  }

  /** What went wrong before is of no interest any more. */
  dismissErrors(): void {
    this.list = this.list.filter(({ tone }) => tone !== "error");
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}
