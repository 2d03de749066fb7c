import { calleeName } from './callee-name.ts'
import type { Node, Rule } from './rule.ts'

const STARTS =
  /^(?:(?:cp|child_process|childProcess)\.)?(?:spawn|exec|execFile|fork|execa|execaCommand|execaNode)(?:Sync)?$/

/** A text with foreign parts in it: `…${x}…` or `'…' + x`. */
const isBuilt = (node: Node): boolean =>
  (node.type === 'TemplateLiteral' && node.expressions.length > 0) ||
  (node.type === 'BinaryExpression' && node.operator === '+')

const isShellOption = (node: Node): boolean =>
  node.type === 'ObjectExpression' &&
  node.properties.some(
    (property) =>
      property.type === 'Property' &&
      property.key.type === 'Identifier' &&
      property.key.name === 'shell' &&
      !(property.value.type === 'Literal' && property.value.value === false),
  )

/** `['-c', `…${x}…`]`: the command string of a shell. */
const isShellScript = (node: Node): boolean =>
  node.type === 'ArrayExpression' &&
  node.elements.some((element, index) => {
    const script = node.elements[index + 1]
    return element?.type === 'Literal' && element.value === '-c' && !!script && isBuilt(script)
  })

/** A child process gets a program and a list of arguments; a built text is read by a shell. */
export const noCommandString: Rule = {
  create: (context) => ({
    CallExpression(node) {
      if (!STARTS.test(calleeName(node.callee))) return
      const [command, ...others] = node.arguments
      if (!command) return
      if (
        !isBuilt(command) &&
        !others.some((other) => isShellOption(other) || isShellScript(other))
      )
        return
      context.report({
        node,
        message:
          'A command is a program and a list of arguments. A text with foreign parts lets a file name become a command.',
      })
    },
  }),
}
