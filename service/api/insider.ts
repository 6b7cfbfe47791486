import type { Insider } from '../compliance/emergency/emergency-access.ts'
import { AppError } from '../runtime/errors.ts'
import type { ActionCaller } from './define-action.ts'

/** Throws request/role_not_allowed for everybody who is neither operator nor auditor. */
export function insiderOf({ userId, role }: ActionCaller): Insider {
  if (role !== 'operator' && role !== 'auditor') throw new AppError('request/role_not_allowed')
  return { kind: role, id: userId }
}
