"""Training, evaluation and export of the Spectral Image Tokenizer (SIT) and AR-SIT."""

__version__ = "0.1.0"
