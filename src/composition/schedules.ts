import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client'

const SWEEP_ID = 'spool-hold-sweep'

/** Makes sure that the sweep of holds runs; the newest interval wins. */
export const ensureSchedules = async (client: Client, sweepIntervalMs: number): Promise<void> => {
  const spec = { intervals: [{ every: sweepIntervalMs }] }
  try {
    await client.schedule.create({
      scheduleId: SWEEP_ID,
      spec,
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
      action: {
        type: 'startWorkflow',
        workflowType: 'holdSweep',
        taskQueue: 'pipelines',
        args: [],
      },
      memo: { purpose: 'Ends credit holds whose workflow is closed, and removes old records.' },
    })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(SWEEP_ID).update((previous) => ({ ...previous, spec }))
  }
}
