/** The members of an archive that torch before 0.1.10 wrote. */
export const memberNames = ["sys_info", "pickle", "tensors", "storages"] as const;
