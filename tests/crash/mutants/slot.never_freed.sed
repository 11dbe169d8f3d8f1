# A removed record's slot is not given back.
/^void slot_release(/,/^}/ {
	/store_release(&board->heads\[slot\].stamp/d
	s/^{$/{\
	(void)generation;/
}
