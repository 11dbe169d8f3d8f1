# Repair frees a leftover without taking it out of its chains.
s/^\t*slot_take_out(board, slot, generation);/\t\t(void)generation;/
