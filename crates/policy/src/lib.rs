//! The policy document: parse, validate, compile, decompile.
