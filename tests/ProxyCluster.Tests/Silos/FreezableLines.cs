using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;
using Orleans.Hosting;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Silos;

/// <summary>Silo to silo: connections stay open, and carry nothing while the clock of this silo's process is frozen.</summary>
internal static class FreezableLines
{
    public static void Apply(ISiloBuilder silo, FreezableTime time) => silo.Configure<SiloConnectionOptions>(options =>
    {
        options.ConfigureSiloInboundConnection(connection => connection.Use(next => context => CarryAsync(context, next, time)));
        options.ConfigureSiloOutboundConnection(connection => connection.Use(next => context => CarryAsync(context, next, time)));
    });

    private static async Task CarryAsync(ConnectionContext context, ConnectionDelegate next, FreezableTime time)
    {
        var outside = context.Transport;
        Pipe incoming = new(), outgoing = new();
        context.Transport = new Ends(incoming.Reader, outgoing.Writer);
        var pumps = Task.WhenAll(PumpAsync(outside.Input, incoming.Writer, time), PumpAsync(outgoing.Reader, outside.Output, time));
        await next(context);
        await incoming.Reader.CompleteAsync();
        await outgoing.Writer.CompleteAsync();
        await Task.WhenAny(pumps, context.ConnectionClosed.IsCancellationRequested ? Task.CompletedTask : pumps);
    }

    private static async Task PumpAsync(PipeReader from, PipeWriter to, FreezableTime time)
    {
        Exception? fault = null;
        try
        {
            while (true)
            {
                var read = await from.ReadAsync();
                await time.Running;
                foreach (var part in read.Buffer)
                    await to.WriteAsync(part);
                from.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
        }
        catch (Exception e)
        {
            fault = e;
        }

        await from.CompleteAsync(fault);
        await to.CompleteAsync(fault);
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
