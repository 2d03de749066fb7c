import { calleeName } from './callee-name.ts'
import type { Rule } from './rule.ts'

const GATHERERS = new Set(['Promise.all', 'Promise.allSettled', 'Promise.any', 'Promise.race'])

/**
 * No `Promise.all` over a `.map`: as many branches start at once as there are items, and when one
 * fails the others run on behind the workflow's back.
 */
export const boundedConcurrency: Rule = {
  create: (context) => ({
    CallExpression(node) {
      if (!GATHERERS.has(calleeName(node.callee))) return
      const [items] = node.arguments
      if (items?.type !== 'CallExpression') return
      if (!/\.(?:map|flatMap)$/.test(calleeName(items.callee))) return
      context.report({
        node,
        message:
          'This starts as many branches as there are items. Run them with a bound, and decide when all of them have ended.',
      })
    },
  }),
}
