// One whole session of ocpp-rpc's client in strict mode: what we answer that breaks the schemas fails here.
// Arguments: endpoint, identity, password, sub-protocol, token. Prints one line of JSON: every reply, by action.
const { RPCClient } = require('ocpp-rpc');

const [endpoint, identity, password, protocol, token] = process.argv.slice(2);
const replies = [];
const commands = [];
const client = new RPCClient({
  endpoint, identity, password, protocols: [protocol], strictMode: true, reconnect: false, callTimeoutMs: 20000,
});
client.handle(({ method, params }) => {
  commands.push([method, params]);
  return { status: 'Accepted' };
});
const at = (minutes) => new Date(Date.UTC(2026, 10, 22, 10, minutes)).toISOString();
const call = async (action, payload) => {
  const reply = await client.call(action, payload);
  replies.push([action, reply]);
  return reply;
};

async function session16() {
  await call('BootNotification', { chargePointVendor: 'Outside', chargePointModel: 'One' });
  await call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing', timestamp: at(0) });
  await call('Authorize', { idTag: token });
  const { transactionId } = await call('StartTransaction',
    { connectorId: 1, idTag: token, meterStart: 1000, timestamp: at(0) });
  await call('MeterValues', { connectorId: 1, transactionId, meterValue: [
    { timestamp: at(30), sampledValue: [{ value: '6000', measurand: 'Energy.Active.Import.Register', unit: 'Wh' }] }] });
  await call('StopTransaction', { transactionId, idTag: token, meterStop: 11000, timestamp: at(60), reason: 'Local' });
  await call('DataTransfer', { vendorId: 'nobody.example', messageId: 'hello' });
}

async function session201() {
  const reading = (minutes, value, context) => (
    { timestamp: at(minutes), sampledValue: [{ value, context, measurand: 'Energy.Active.Import.Register' }] });
  const tell = (eventType, seqNo, minutes, value, context, more) => call('TransactionEvent', {
    eventType, seqNo, timestamp: at(minutes), triggerReason: 'MeterValuePeriodic', evse: { id: 1, connectorId: 1 },
    transactionInfo: { transactionId: 'outside-1', chargingState: 'Charging' },
    meterValue: [reading(minutes, value, context)], ...more });
  await call('BootNotification', { reason: 'PowerUp', chargingStation: { vendorName: 'Outside', model: 'Two' } });
  await call('StatusNotification', { timestamp: at(0), connectorStatus: 'Occupied', evseId: 1, connectorId: 1 });
  await call('Authorize', { idToken: { idToken: token, type: 'ISO14443' } });
  await tell('Started', 0, 0, 1000, 'Transaction.Begin', { idToken: { idToken: token, type: 'ISO14443' } });
  await tell('Updated', 1, 30, 6000, 'Sample.Periodic');
  await tell('Ended', 2, 60, 11000, 'Transaction.End');
  await call('SecurityEventNotification', { type: 'StartupOfTheDevice', timestamp: at(61) });
}

async function main() {
  await client.connect();
  await call('Heartbeat', {}).catch((error) => replies.push(['HeartbeatBeforeBoot', error.rpcErrorCode]));
  await (protocol === 'ocpp1.6' ? session16() : session201());
  await call('Heartbeat', {});
  await client.call('Heartbeat', { nothing: 'of the kind' }).catch((error) => replies.push(['refusedByClient', error.rpcErrorCode]));
  await client.close();
  process.stdout.write(JSON.stringify({ protocol: client.protocol, replies, commands }) + '\n');
}

main().catch((error) => { process.stderr.write(`${error.stack}\n`); process.exit(1); });
