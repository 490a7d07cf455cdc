#!/usr/bin/env node
/** `spin kube`: the plug-in of the Spin command line, run as a program named `kube`. */
import { KUBE } from "./kube.ts";
import { startProgram } from "./start-program.ts";

void startProgram(KUBE); // Not awaited here: the executable is a CommonJS module.
