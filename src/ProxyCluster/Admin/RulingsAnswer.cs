using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.Rulings;

namespace ProxyCluster.Admin;

/// <summary>Rulings, as the admin API tells them.</summary>
/// <param name="Revision">The number under which the cluster agreed on them; every member that can be reached has it within two seconds.</param>
/// <param name="Rulings">All that are in force; in answer to an order, the one that it put in force.</param>
internal sealed record RulingsAnswer(long Revision, ImmutableArray<RulingLine> Rulings);

/// <summary>The body of an order about a module version.</summary>
/// <param name="Module">The module path.</param>
/// <param name="Version">The canonical version.</param>
/// <param name="Reason">Why; shown to whoever is refused.</param>
/// <param name="ZipH1">To accept: the <c>h1:</c> that its zip has.</param>
/// <param name="GoModH1">The same of go.mod; one of the two at least.</param>
/// <param name="Undo">Whether the order is taken back.</param>
internal sealed record RulingBody(string? Module, string? Version, string? Reason, string? ZipH1 = null, string? GoModH1 = null, bool Undo = false);

/// <summary>How they are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RulingBody))]
[JsonSerializable(typeof(RulingsAnswer))]
internal sealed partial class RulingOrdersJson : JsonSerializerContext;
