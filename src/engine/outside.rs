//! Words from outside: what the libraries of this wing say stands in a sentence as it is, in every language.

crate::session::say::verbatim!(
    candle_core::Error,
    csv::Error,
    parquet::errors::ParquetError,
    ureq::Error,
    keyring::Error,
    ron::error::SpannedError,
    zip::result::ZipError,
    safetensors::SafeTensorError,
    Box<dyn std::error::Error + Send + Sync>,
);
