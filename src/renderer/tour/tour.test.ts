import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS, type Settings } from "../../shared/settings.js";
import { Tour, TOUR_STEPS } from "./tour.svelte.js";

function setUp() {
  const preferences = {
    current: DEFAULT_SETTINGS,
    async update(change: Partial<Settings>) {
      this.current = { ...this.current, ...change };
    },
  };
  return { tour: new Tour(preferences), preferences };
}

describe("tour", () => {
  it("is shown once: after its last step it does not come back by itself", () => {
    const { tour, preferences } = setUp();
    tour.offer();
    const steps = TOUR_STEPS.map(() => {
      const { step } = tour;
      tour.next();
      return step;
    });
    expect(steps).toEqual([...TOUR_STEPS]);
    expect(tour.step).toBeNull();
    expect(preferences.current.tourSeen).toBe(true);
    tour.offer();
    expect(tour.step).toBeNull();
  });

  it("counts as seen when it is dismissed, and comes when asked for", () => {
    const { tour, preferences } = setUp();
    tour.offer();
    tour.end();
    expect(preferences.current.tourSeen).toBe(true);
    tour.start();
    expect(tour.step).toBe("scales");
  });

  it("does not begin anew while it is shown", () => {
    const { tour } = setUp();
    tour.offer();
    tour.next();
    tour.offer();
    expect(tour.step).toBe("lock");
    expect(tour.highlight).toBe("ladder");
  });
});
