//! Attention heatmaps drawn by our own shader.
