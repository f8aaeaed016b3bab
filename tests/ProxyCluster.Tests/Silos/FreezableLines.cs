using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;
using Orleans.Hosting;

namespace ProxyCluster.Tests.Silos;

/// <summary>
/// Silo to silo: connections stay open and carry nothing while this silo's process is frozen, or cut off; they break when it
/// is killed.
/// </summary>
internal static class FreezableLines
{
    /// <param name="silo">The silo.</param>
    /// <param name="passing">Completed while its lines carry.</param>
    /// <param name="killed">Completed when they break.</param>
    public static void Apply(ISiloBuilder silo, Func<Task> passing, Task? killed = null) => silo.Configure<SiloConnectionOptions>(options =>
    {
        options.ConfigureSiloInboundConnection(connection => connection.Use(next => context => CarryAsync(context, next, passing, killed)));
        options.ConfigureSiloOutboundConnection(connection => connection.Use(next => context => CarryAsync(context, next, passing, killed)));
    });

    private static async Task CarryAsync(ConnectionContext context, ConnectionDelegate next, Func<Task> passing, Task? killed)
    {
        var outside = context.Transport;
        Pipe incoming = new(), outgoing = new();
        context.Transport = new Ends(incoming.Reader, outgoing.Writer);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.ConnectionClosed);
        _ = killed?.ContinueWith(_ => context.Abort(), TaskScheduler.Default);
        var inward = PumpAsync(outside.Input, incoming.Writer, passing, end.Token);
        var outward = PumpAsync(outgoing.Reader, outside.Output, passing, end.Token);
        try
        {
            await next(context);
        }
        finally
        {
            await incoming.Reader.CompleteAsync();
            await outgoing.Writer.CompleteAsync();

            // The last words still go out, where anything does.
            if (passing().IsCompletedSuccessfully)
                await outward;
            await end.CancelAsync();
            await Task.WhenAll(inward, outward);
        }
    }

    private static async Task PumpAsync(PipeReader from, PipeWriter to, Func<Task> passing, CancellationToken end)
    {
        Exception? fault = null;
        try
        {
            while (true)
            {
                var read = await from.ReadAsync(end);
                await passing().WaitAsync(end);
                foreach (var part in read.Buffer)
                    await to.WriteAsync(part, end);
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
