-- A run that fits a page stays in it, whole (RunRows): in pieces beside the table it costs several times as much to store and to delete.
ALTER TABLE run SET (toast_tuple_target = 8160);
