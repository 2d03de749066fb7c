/** Custom search attributes that set-up registers; all of them keywords. */
export const SEARCH_ATTRIBUTES = {
  account: 'SpoolAccountId',
  status: 'SpoolStatus',
  execution: 'SpoolExecutionId',
} as const
