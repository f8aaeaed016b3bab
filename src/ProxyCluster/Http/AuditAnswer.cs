using System.Buffers;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using ProxyCluster.Audit;

namespace ProxyCluster.Http;

/// <summary>
/// Gives operators the lines of this member's audit log that they ask for, as they come from the disk. One at a time: it reads files, which
/// is slow work beside what clients want.
/// </summary>
internal sealed class AuditAnswer(AuditLog log, IOptions<AuditOptions> options, Responses responses) : IDisposable
{
    private const int Lot = 64 << 10;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Answers; says why not where it does not.</summary>
    public async Task<(int Status, string Why)?> FaultOrWriteAsync(HttpContext context, CancellationToken cancel)
    {
        var given = QueryHelpers.ParseQuery(context.Request.QueryString.Value);
        if (AuditFilter.ReadOrFault(name => given.GetValueOrDefault(name).ToString(), out var filter) is { } fault)
            return (400, fault);
        if (!log.IsOn)
            return (404, "this member keeps no audit log");
        if (!await _turn.WaitAsync(0, cancel))
        {
            context.Response.Headers.RetryAfter = "2";
            return (503, "another one is asking this member's audit log");
        }

        try
        {
            responses.Start(context.Response, "application/jsonl", "no-store", "");
            await WriteAsync(context, filter, cancel);
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task WriteAsync(HttpContext context, AuditFilter filter, CancellationToken cancel)
    {
        var lines = new ArrayBufferWriter<byte>();
        await using var writer = AuditLine.NewWriter(lines);
        foreach (var line in AuditReader.Read(options.Value.Directory, filter, AuditAddresses.Of(options.Value)))
        {
            cancel.ThrowIfCancellationRequested();
            line.Write(lines, writer);
            lines.Write("\n"u8);
            if (lines.WrittenCount < Lot)
                continue;
            await context.Response.BodyWriter.WriteAsync(lines.WrittenMemory, cancel);
            lines.ResetWrittenCount();
        }

        await context.Response.BodyWriter.WriteAsync(lines.WrittenMemory, cancel);
    }
}
