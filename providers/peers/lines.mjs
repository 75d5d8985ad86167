// A line of JSON in, a line out, until the input ends: then the process does, too.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

console.log = console.info = console.error // what a library prints is no answer

export async function serve(library, operations) {
  const { version } = createRequire(import.meta.url)(`../node_modules/${library}/package.json`)
  operations.hello = () => ({ version })
  for await (const line of createInterface({ input: process.stdin })) {
    const { op, ...request } = JSON.parse(line)
    let answer
    try {
      answer = await operations[op](request)
    } catch (error) {
      answer = { error: `${error.code ?? error.name}: ${error.message}` }
    }
    process.stdout.write(JSON.stringify(answer) + '\n')
  }
  process.exit()
}
