//! Security groups through the dispatcher.
