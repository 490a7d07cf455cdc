#!/usr/bin/env node
/** `kubectl shim`: the plug-in of kubectl, run as a program named `kubectl-shim`. */
import { startProgram } from "../start-program.ts";
import { KUBECTL_SHIM } from "./program.ts";

void startProgram(KUBECTL_SHIM); // Not awaited here: the executable is a CommonJS module.
