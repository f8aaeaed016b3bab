using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ProxyCluster.Admin;

/// <summary>What became of an order to forget a module version.</summary>
/// <param name="Module">Which, e.g. <c>example.com/m@v1.0.0</c>.</param>
/// <param name="Complete">Nobody holds it any more. False where somebody could not be reached: give the order again.</param>
/// <param name="Members">Every silo, and every region that has none now, ordered by name.</param>
internal sealed record ForgetAnswer(string Module, bool Complete, ImmutableArray<ForgetResult> Members);

/// <summary>What one of them said.</summary>
/// <param name="Member">Its id; empty for a region without silos.</param>
/// <param name="Region">Its region.</param>
/// <param name="Result"><c>forgotten</c>, <c>not held</c> or <c>unreachable</c>.</param>
/// <param name="Detail">Why it could not be reached; null where it was.</param>
internal sealed record ForgetResult(string Member, string Region, string Result, string? Detail)
{
    public const string Forgotten = "forgotten";
    public const string NotHeld = "not held";
    public const string Unreachable = "unreachable";
}

/// <summary>The body of the order.</summary>
/// <param name="Module">The module path.</param>
/// <param name="Version">The canonical version.</param>
/// <param name="Reason">Why, for whoever reads the log.</param>
internal sealed record ForgetBody(string? Module, string? Version, string? Reason);

/// <summary>How they are written.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ForgetBody))]
[JsonSerializable(typeof(ForgetAnswer))]
internal sealed partial class ForgetJson : JsonSerializerContext;
