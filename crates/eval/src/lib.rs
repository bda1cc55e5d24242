//! The mirror: program, state, request and time to verdict; pure.
