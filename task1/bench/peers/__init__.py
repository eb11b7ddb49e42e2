"""What programs of this field do, restated plainly: one module a subject, each computing what ours computes."""
