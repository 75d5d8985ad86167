// A line of JSON in, a line out.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

export async function serve(name, { sign, verify }) {
  const { version } = createRequire(import.meta.url)(`../node_modules/${name}/package.json`)
  const operations = { hello: () => ({ version }), sign, verify }
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line)
    let answer
    try {
      answer = await operations[request.op](request)
    } catch (error) {
      answer = { error: `${error.code ?? error.name}: ${error.message}` }
    }
    process.stdout.write(JSON.stringify(answer) + '\n')
  }
}
