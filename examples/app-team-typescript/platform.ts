import * as pulumi from "@pulumi/pulumi";

const KNOWN_CONTRACTS: readonly unknown[] = [1];

/** The outputs of the platform's stack that this stack uses; outputs.schema.json of the platform has all of them. */
export interface Outputs {
    kubeconfig: string;
    clusterArn: string;
    ingressDnsName: string;
    ingressHosts: string[];
}

/** The platform as an application team sees it. What is made of an output waits for the contract version to be checked. */
export class Platform {
    private readonly reference: pulumi.StackReference;
    private readonly contract: pulumi.Output<void>;

    /** Refers to a stack by "<organization>/<project>/<stack>". */
    constructor(stack: string) {
        this.reference = new pulumi.StackReference(stack);
        this.contract = this.reference.getOutput("contractVersion").apply((version) => {
            if (!KNOWN_CONTRACTS.includes(version)) {
                const known = KNOWN_CONTRACTS.join(", ");
                throw new pulumi.RunError(
                    `the platform ${stack} has contract version ${version}, this stack knows ${known}: ` +
                        "read the platform's notes on the newer contract before you add it to KNOWN_CONTRACTS",
                );
            }
        });
    }

    /** Returns an output of the platform; a missing one is an error. */
    get<K extends keyof Outputs>(name: K): pulumi.Output<Outputs[K]> {
        const value = this.reference.requireOutput(name) as pulumi.Output<Outputs[K]>;
        return pulumi.all([this.contract, value]).apply(([, found]) => found as Outputs[K]) as pulumi.Output<Outputs[K]>;
    }
}
