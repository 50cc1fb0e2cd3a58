/** What the system answers to those who ask for attributes, as Node would say it. */
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

const { EOPNOTSUPP, ENOSYS } = constants.errno;

/** An error number as the error that Node makes of one. */
export function xattrError(errno: number, syscall: string): NodeJS.ErrnoException {
  const [code = `errno ${errno}`, message = "unknown"] = getSystemErrorMap().get(-errno) ?? [];
  return Object.assign(new Error(`${code}: ${message}, ${syscall}`), { code, errno: -errno, syscall });
}

/** Whether an error number says that there are no attributes in this filesystem. */
export function hasNoXattrs(errno: number): boolean {
  return errno === EOPNOTSUPP || errno === ENOSYS;
}
