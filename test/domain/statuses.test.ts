import { describe, expect, it } from 'vitest'
import {
  assertNever,
  EXECUTION_STATUSES,
  isExecutionOver,
  isTaskOver,
  TASK_STATUSES,
} from '../../src/domain/statuses.ts'

describe('ends', () => {
  it('an execution that waits, works or is stalled can still change', () => {
    expect(EXECUTION_STATUSES.filter((status) => !isExecutionOver(status))).toEqual([
      'pending',
      'processing',
      'stalled',
    ])
  })

  it('a task that waits or works can still change', () => {
    expect(TASK_STATUSES.filter((status) => !isTaskOver(status))).toEqual(['queued', 'processing'])
  })

  it('a state that nobody knows stops the work instead of passing as another', () => {
    expect(() => assertNever('paused' as never)).toThrow('unexpected value: "paused"')
  })
})
