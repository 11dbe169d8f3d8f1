# A record leaves its chains before it is said to be gone.
/^void slot_take_out(/,/^}/ {
	/index_unlink_/d
	s/^{$/{\
	index_unlink_id(board, slot);\
	index_unlink_owner(board, slot);/
}
