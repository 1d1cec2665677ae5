// Calls every operation of the client once and prints what each gave, one line each. The argument is the value of the binding, in JSON.
"use strict";
const df = require("durable-functions");

const binding = { type: "durableClient", name: "client" };
const client = df.getClient({
  options: { extraInputs: [binding] },
  extraInputs: new Map([[binding, JSON.parse(process.argv[2])]]),
});

function print(step, value) {
  console.log(`${step}: ${JSON.stringify(value)}`);
}

async function attempt(step, call) {
  try {
    print(step, await call());
  } catch (error) {
    console.log(`${step}: error: ${error.message}`);
  }
}

// until asks for the status until the instance has one of the given ones.
async function until(id, ...wanted) {
  for (;;) {
    const status = await client.getStatus(id, { showInput: true });
    if (wanted.includes(status.runtimeStatus)) {
      return status;
    }
  }
}

function shown(status) {
  const { name, instanceId, runtimeStatus, input, output, customStatus } = status;
  return { name, instanceId, runtimeStatus, input, output, customStatus };
}

const ids = (list) => list.map((s) => s.instanceId).sort();
const link = (payload) => new URL(payload.statusQueryGetUri).pathname;

async function main() {
  const counter = new df.EntityId("Counter", "one");
  await attempt("start", () => client.startNew("Echo", { instanceId: "echo", input: { a: [1, "ü"] } }));
  await attempt("completed", async () => shown(await until("echo", "Completed")));
  // The client asks for the history but reads it from a member that the extension has never written.
  await attempt("with history", async () => shown(await client.getStatus("echo", { showHistory: true, showHistoryOutput: true, showInput: true })));
  await attempt("id made for me", async () => /^[0-9a-f]{32}$/.test(await client.startNew("Echo")));
  await attempt("start without an input", async () => (await until(await client.startNew("Echo", { instanceId: "empty" }), "Completed")).output);
  await attempt("start of an id in use", async () => {
    await client.startNew("Waits", { instanceId: "busy" });
    await until("busy", "Running");
    return client.startNew("Waits", { instanceId: "busy" });
  });
  await attempt("unknown instance", () => client.getStatus("nobody"));
  await attempt("wait for completion", async () => {
    const r = await client.waitForCompletionOrCreateCheckStatusResponse({ url: "http://elsewhere/api" }, "echo");
    return [r.status, await r.json()];
  });
  await attempt("wait in vain", async () => {
    const wait = { timeoutInMilliseconds: 1, retryIntervalInMilliseconds: 1 };
    const r = await client.waitForCompletionOrCreateCheckStatusResponse({ url: "http://elsewhere/api" }, "busy", wait);
    return [r.status, link(await r.json())];
  });
  await attempt("links", () => link(client.createHttpManagementPayload("a b")));

  await attempt("event", async () => {
    await client.raiseEvent("busy", "go", { answer: 42 });
    return shown(await until("busy", "Completed"));
  });
  await attempt("event for one that has ended", () => client.raiseEvent("busy", "go", null));
  await attempt("event for nobody", () => client.raiseEvent("nobody", "go", null));

  await client.startNew("Waits", { instanceId: "sleeper" });
  await until("sleeper", "Running");
  await attempt("suspend", async () => {
    await client.suspend("sleeper", "night");
    return shown(await until("sleeper", "Suspended"));
  });
  await attempt("resume", async () => {
    await client.resume("sleeper", "morning");
    return (await until("sleeper", "Running")).runtimeStatus;
  });
  await attempt("terminate", async () => {
    await client.terminate("sleeper", "enough");
    return shown(await until("sleeper", "Terminated"));
  });
  await attempt("terminate one that has ended", () => client.terminate("sleeper", "again"));
  for (const operation of ["terminate", "suspend", "resume", "rewind"]) {
    await attempt(`${operation} nobody`, () => client[operation]("nobody", "why"));
  }
  await attempt("rewind one that completed", () => client.rewind("echo", "why"));
  await attempt("rewind", async () => {
    await until(await client.startNew("FailsOnce", { instanceId: "phoenix" }), "Failed");
    await client.rewind("phoenix", "try again");
    return shown(await until("phoenix", "Completed"));
  });

  await attempt("list", async () => ids(await client.getStatusAll()).filter((id) => id.length < 32));
  await attempt("list by status", async () => ids(await client.getStatusBy({ runtimeStatus: ["Terminated", "Failed"] })));
  await attempt("list by time", async () => ids(await client.getStatusBy({ createdTimeFrom: new Date("2999-01-01") })));
  await attempt("list of more than a page", async () => {
    const started = Array.from({ length: 130 }, (_, n) => client.startNew("Echo", { instanceId: `many-${n}` }));
    await Promise.all(started);
    return (await client.getStatusAll()).filter((s) => s.instanceId.startsWith("many-")).length;
  });

  await attempt("entity that is not there", () => client.readEntityState(counter));
  await attempt("signal", async () => {
    await client.signalEntity(counter, "add", 5);
    for (;;) {
      const state = await client.readEntityState(counter);
      if (state.entityExists) {
        return state;
      }
    }
  });

  await attempt("purge", () => client.purgeInstanceHistory("echo"));
  await attempt("purge nobody", () => client.purgeInstanceHistory("nobody"));
  await attempt("purge by status", () => client.purgeInstanceHistoryBy({ createdTimeFrom: new Date(0), runtimeStatus: ["Terminated"] }));
  await attempt("purge by time", () => client.purgeInstanceHistoryBy({ createdTimeFrom: new Date("2999-01-01") }));
}

main();
