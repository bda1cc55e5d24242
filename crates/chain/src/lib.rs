//! Deploy, install and send through a node, with alloy.
