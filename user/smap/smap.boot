# The memory-map example: the server maps a page to the client.
# The server's priority is the higher one: it has greeted and waits before the client begins.
channel smap
program server.elf prio 3 serves smap
program client.elf uses smap
