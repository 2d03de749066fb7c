// A plan is data: made by a program, kept, changed by another, and run.
import {
  compose,
  executeFromPlan,
  generateVideo,
  merge,
  SpoolError,
  videoModel,
  type ExecutionPlan,
} from 'spool/sdk'

const clip = (prompt: string) =>
  generateVideo({ model: videoModel('minimax/video-01', 'replicate'), prompt })

const kept = JSON.stringify(compose(merge([clip('Rain on a window'), clip('The rain stops')])))

const plan = JSON.parse(kept) as ExecutionPlan
const [first] = plan.jobs
if (first) first.params['prompt'] = 'Snow on a window'

try {
  const execution = await executeFromPlan(plan, { maxCredits: 150 })
  console.log(execution.result?.url)
} catch (error) {
  if (!(error instanceof SpoolError)) throw error
  for (const { path, message, fix } of error.findings) console.error(`${path}: ${message} ${fix}`)
  process.exitCode = 1
}
