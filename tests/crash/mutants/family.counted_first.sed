# A parent's counts are stored before its child's own commit.
s/return live && load_relaxed(&copy->state) == intent_to(intent);/return live;/
/^void family_intend(/,/^}/ {
	s/^}$/\tfamily_finish(board, family_stripe(parent.slot));\
}/
}
