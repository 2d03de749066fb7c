import type { BranchResult, PipelineOutcome } from '../contracts/orders.ts'
import { Budget } from '../domain/generation/budget.ts'
import type { AdmittedOrder, OrderDesk } from './lib/order-desk.ts'
import { runOrder, type OrderInput } from './lib/order-run.ts'
import { OutsideHelp } from './lib/outside-help.ts'
import { PlanRound } from './lib/plan-round.ts'
import { readPlan } from './lib/read-plan.ts'
import { PlanRun } from './lib/plan-run.ts'

/**
 * Runs a generation plan: hold the upper end of its estimate, make every job as soon as its inputs are
 * there, deliver, tell. What the account has made before is taken and not paid again; what fails is tried
 * by the next model of its list; what was delivered is paid, and a retry (the same workflow id again)
 * makes what is missing. The plan lies in the database: here are names and the graph.
 */
export const generate = async (input: OrderInput): Promise<PipelineOutcome> => {
  const help = new OutsideHelp()
  return await runOrder(input, {
    work: (admitted, desk) => makePlan(admitted, desk, help),
    closingStep: 'deliver',
    alertTitle: 'A generation is not complete',
  })
}

const makePlan = async (
  { order, done }: AdmittedOrder,
  desk: OrderDesk,
  help: OutsideHelp,
): Promise<readonly BranchResult[]> => {
  const { executionId } = order
  const { jobs, maxCredits, spentCredits, terms } = await readPlan(executionId, 0)
  const budget = new Budget(maxCredits, spentCredits)
  const run = new PlanRun(new PlanRound({ desk, order, terms, help, budget }), done)
  run.begin(jobs)
  return await run.results()
}
