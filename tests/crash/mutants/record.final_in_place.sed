# A record is made final in the copy that is in force, before the stamp.
/^[A-Za-z].* finish_held(/,/^}/ {
	/^\tedit_message(edit, end->message);/i\
	store_relaxed(&edit->body->copy[stamp_version(edit->stamp) & 1].state, (uint8_t)end->state);
}
