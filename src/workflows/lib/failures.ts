import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
} from '@temporalio/workflow'
import { isFailureCode, type FailureCode } from '../../domain/failures.ts'

/** A workflow's own verdict. It is made into an ApplicationFailure only when it ends the workflow. */
export class GaveUp extends Error {
  readonly code: FailureCode

  constructor(code: FailureCode) {
    super(code)
    this.name = 'GaveUp'
    this.code = code
  }
}

/** The code of whatever was thrown: the typed failure of an activity or a child, our own verdict, or `INTERNAL`.
 * Message texts are never read. */
export const failureCodeOf = (error: unknown): FailureCode => {
  if (isCancellation(error)) return 'CANCELED'
  if (error instanceof GaveUp) return error.code
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) {
    return failureCodeOf(error.cause)
  }
  if (error instanceof ApplicationFailure && isFailureCode(error.type)) return error.type
  return 'INTERNAL'
}

/** Ends the workflow as failed, with the code as the failure's type: what the Web UI then shows. */
export const failWorkflow = (error: unknown): never => {
  const code = failureCodeOf(error)
  throw ApplicationFailure.create({
    type: code,
    message: code,
    nonRetryable: true,
    ...(error instanceof Error ? { cause: error } : {}),
  })
}
