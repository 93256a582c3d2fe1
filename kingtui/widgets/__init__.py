"""What screens are made of. Widgets know Control, models and events, and nothing below."""
