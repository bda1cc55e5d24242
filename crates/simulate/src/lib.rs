//! An in-process chain on revm that runs the real Safe bytecode.
