import { sweeps } from './activities.ts'

/** Runs on a schedule: ends holds that nobody will end any more, and removes old records. */
export async function holdSweep(): Promise<{ readonly expired: number }> {
  const { expired } = await sweeps.expireHolds()
  await sweeps.pruneRecords()
  return { expired }
}
