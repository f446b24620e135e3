"""A name, a folder or an object in hand -> the module, its tokenizer and processor, and what is known of it."""
