import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { DoctorReport, Problem } from '../../../api/index.ts';
import type { Doctor } from '../../doctor/doctor.ts';
import { inAllNamespaces, inNkvm } from '../rights/declared.ts';
import type { Rights } from '../rights/rights.ts';

export interface DoctorRoute {
  doctor: Doctor;
  rights: Rights;
  installation: { namespace: string };
}

/** Faults of the installation, for its administrators. Names of namespaces and destinations need the right to see them. */
export const doctorRoute =
  ({ doctor, rights, installation: { namespace } }: DoctorRoute): FastifyPluginAsyncZod =>
  async app => {
    app.get(
      '/doctor',
      {
        config: {
          rights: {
            needs: [inNkvm('get', 'settings')],
            shows: [
              { ...inAllNamespaces('list'), what: 'names of namespaces' },
              { ...inNkvm('get', 'destinations'), what: 'what is wrong with each destination' },
            ],
          },
        },
        schema: {
          summary: 'Check the installation',
          description:
            'Cluster, rights, destinations, disk, history and others, each with what to do. It reads only.',
          response: { 200: DoctorReport, default: Problem },
        },
      },
      async ({ caller }) => {
        const [seesNamespaces, seesDestinations] = await Promise.all([
          rights.has(caller, { verb: 'list', group: '', resource: 'persistentvolumeclaims' }),
          rights.has(caller, {
            ...{ verb: 'get', group: 'nkvm.io', resource: 'destinations', namespace },
          }),
        ]);
        return await doctor({ seesNamespaces, seesDestinations });
      }
    );
  };
