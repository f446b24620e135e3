"""A name, a folder or an object -> the module, its tokenizer and processor, and its facts."""
