"""Methods that say which words count, against texts whose deciding words are known: which of them find those words?"""
