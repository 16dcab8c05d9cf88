//! Network interfaces through the dispatcher.
