# The memory-map example: the server maps a page to the client.
channel smap
program server.elf serves smap
program client.elf uses smap
