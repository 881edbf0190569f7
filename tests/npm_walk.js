/* npm_walk: walks a subtree with the npm package net-snmp, and prints it as "snmpwalk -On -Oe" without MIBs does.
 *
 *     node npm_walk.js PORT VERSION OID [COMMUNITY | USER AUTHENTICATION PRIVACY]
 *
 * The agent is on 127.0.0.1; VERSION is 2c or 3 (SHA-256, AES, authPriv). NPM_SNMP is the node_modules that has net-snmp.
 * Status 3: the package is not there. */
"use strict";

const path = require("path");

const REPETITIONS = 20;

function load() {
    try {
        return require(path.join(process.env.NPM_SNMP || "", "net-snmp"));
    } catch (error) {
        console.error(error.message);
        process.exit(3);
    }
}

function openSession(snmp, port, version, credentials) {
    const options = { port, timeout: 5000, retries: 0 };

    if (version === "3") {
        const [name, authKey, privKey] = credentials;
        const user = {
            name, authKey, privKey,
            level: snmp.SecurityLevel.authPriv,
            authProtocol: snmp.AuthProtocols.sha256,
            privProtocol: snmp.PrivProtocols.aes,
        };
        return snmp.createV3Session("127.0.0.1", user, options);
    }
    return snmp.createSession("127.0.0.1", credentials[0], { ...options, version: snmp.Version2c });
}

/* A Counter64 comes as its octets, since a JavaScript number is exact to 2^53 only. */
function readCounter64(octets) {
    return octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
}

function printValue(snmp, { type, value }) {
    switch (type) {
    case snmp.ObjectType.Integer:
        return `INTEGER: ${value}`;
    case snmp.ObjectType.OctetString:
        return `STRING: "${value.toString("latin1").replace(/["\\]/g, "\\$&")}"`;
    case snmp.ObjectType.Counter:
        return `Counter32: ${value}`;
    case snmp.ObjectType.Gauge:
        return `Gauge32: ${value}`;
    case snmp.ObjectType.TimeTicks:
        return `Timeticks: (${value})`;
    case snmp.ObjectType.Counter64:
        return `Counter64: ${readCounter64(value)}`;
    default:
        return `${snmp.ObjectType[type]}: ${value}`;
    }
}

function main([port, version, oid, ...credentials]) {
    const snmp = load();
    const session = openSession(snmp, Number(port), version, credentials);

    session.subtree(oid, REPETITIONS, varbinds => {
        for (const varbind of varbinds) {
            if (snmp.isVarbindError(varbind))
                throw new Error(snmp.varbindError(varbind));
            console.log(`.${varbind.oid} = ${printValue(snmp, varbind)}`);
        }
    }, error => {
        session.close();
        if (error) {
            console.error(String(error));
            process.exitCode = 1;
        }
    });
}

main(process.argv.slice(2));
