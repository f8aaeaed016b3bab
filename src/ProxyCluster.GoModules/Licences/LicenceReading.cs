namespace ProxyCluster.GoModules.Licences;

/// <summary>What a text says of the licence that it is.</summary>
/// <param name="Ids">Identifiers of the SPDX licence list, each once, in ordinal order. All of them apply; none where no known text was found.</param>
/// <param name="OtherWords">Words that belong to no known text, copyright notices and titles aside: something else stands there too.</param>
public sealed record LicenceReading(IReadOnlyList<string> Ids, int OtherWords);
